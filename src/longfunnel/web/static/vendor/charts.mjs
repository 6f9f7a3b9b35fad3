// The parts of Apache ECharts that the pages draw with; everything else stays out of the file.
import * as core from "echarts/core";
import { BarChart, CustomChart, HeatmapChart, LineChart, SankeyChart } from "echarts/charts";
import { AriaComponent, GridComponent, MarkLineComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import { LabelLayout } from "echarts/features";
import { SVGRenderer } from "echarts/renderers";

core.use([
  BarChart, CustomChart, HeatmapChart, LineChart, SankeyChart,
  AriaComponent, GridComponent, MarkLineComponent, TooltipComponent, VisualMapComponent,
  LabelLayout, SVGRenderer,
]);
export const { init, getInstanceByDom } = core;
